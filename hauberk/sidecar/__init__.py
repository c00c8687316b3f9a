"""The proxy beside a program: what annotations may say about it, and the variables that it starts with.

The same for plain machines (enrollment) and pods (injector). Nothing here waits, looks at a clock or speaks to anybody.
"""
