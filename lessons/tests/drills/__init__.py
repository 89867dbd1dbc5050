"""The fault drills: real processes, something dies under them, and everybody is told once all the same.

    make drills                      # all of them, quick
    make drills DRILLS="F1 F6"       # some
    make drills SCALE=full           # at the size of docs/reliability.md

Whoever runs a drill stands outside: it knows the system by HTTP, signals and sockets, and afterwards reads the rows and
the gateway's log. Nothing in here imports the application.
"""
