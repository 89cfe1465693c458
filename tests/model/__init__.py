"""The whole engine as a state machine: anything in any order, and what must hold all the same."""
