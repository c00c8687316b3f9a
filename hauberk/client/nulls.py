"""A null is as good as no field (Kubernetes, API conventions). Pure."""


def without_nulls(value: object) -> object:
    """Return a document without the fields of its objects that are null; entries of lists stay."""
    if isinstance(value, dict):
        return {key: without_nulls(field) for key, field in value.items() if field is not None}
    if isinstance(value, list):
        return [without_nulls(entry) for entry in value]
    return value
