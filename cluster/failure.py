"""What goes wrong."""


class ClusterFailed(Exception):
    """The cluster cannot go on; the text says who was wrong and what to do next."""
