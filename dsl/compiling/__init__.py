"""What rule files say, turned into a plan: one module for each part of a rule, driven by `dsl/compiler.py`."""
