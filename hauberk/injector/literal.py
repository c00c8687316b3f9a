"""Texts in the variables of a container, where Kubernetes replaces `$(NAME)`. Pure."""


def literal(text: str) -> str:
    """The text as it is: `$$` is how Kubernetes writes a dollar."""
    return text.replace("$", "$$")


def reference(name: str) -> str:
    """The value of a variable that stands before."""
    return f"$({name})"
