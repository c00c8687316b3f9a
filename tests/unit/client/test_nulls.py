from hauberk.client.nulls import without_nulls


def test_fields_that_are_null_go_at_every_depth_and_entries_of_lists_stay() -> None:
    document = {"a": None, "b": {"c": None, "d": [{"e": None, "f": 0}, None]}, "g": "", "h": False}
    assert without_nulls(document) == {"b": {"d": [{"f": 0}, None]}, "g": "", "h": False}
