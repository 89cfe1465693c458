"""The pure part: facts, windows, rules and time go in, messages owed come out.

Nothing in here reads the clock, the environment, the network or a database.
"""
