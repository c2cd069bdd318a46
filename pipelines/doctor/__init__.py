"""`plumbline doctor`: what is in order, what is not, and what cannot be seen, said before it costs a wrong figure.

Belongs here: checks of the installation, of the workspace's settings and registers, of each source (what a connector's
`probe` finds), and of rules against what there is. Nothing here changes anything.
Does not belong here: mending, and what a build says of its own figures (`plumbline status`).
"""
