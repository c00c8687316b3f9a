"""What every asynchronous part stands on: the clock, tasks, latest-wins values, back-off, shutdown.

Invariant: tasks are made by `tasks.spawn` only, and the wall clock is read by `clock.SystemClock` only.
"""
