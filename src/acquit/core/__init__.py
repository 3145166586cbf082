"""The law: immutable values and pure functions, standard library only."""
