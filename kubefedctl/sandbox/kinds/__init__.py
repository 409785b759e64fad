"""
What the API server does for one kind only: defaults, values it fills in, rules it checks.

Each module here covers a family of kinds; `rules.RULES` says which function serves which resource.
"""
