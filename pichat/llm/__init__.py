"""Language models: what one is asked and answers, a file for each provider, and the chain of them.

    turn ─▶ chain.py ─▶ local.py ─▶ worker process (worker/jobs/llama.py)
                   └──▶ openai.py, anthropic.py, gemini.py ─▶ http.py ─▶ the provider's server

**How a provider is added:** one file here, whose name is the `kind` of the config; it has
`create(name, config, http) -> Provider` (see base.py).
"""
