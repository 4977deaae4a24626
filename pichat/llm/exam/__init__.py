"""A hundred things that people say, and what a model should have done: `pichat bench llm`.

requests.yaml ─▶ paper.py ─▶ turn/sitting.py ─▶ marking.py ─▶ figures.py
                             on house.py, through measured.py
"""
