"""`make bench`: each promise about speed against its yardstick, in the same run, by turns, several rounds.

`promises` has one module per promise, `yardsticks` what it is measured against, `rig` the machine that both run on.
"""
