"""llama.cpp, as the worker process drives it; the daemon imports nothing from here.

worker/jobs/llama.py ─▶ answer.py ─▶ prompt.py ─▶ template.py, messages.py
                             ├──▶ sampler.py ─▶ model.py (the only place that decodes)
                             └──▶ states.py (what was read before, on disk)
"""
