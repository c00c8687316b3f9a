import pytest

from hauberk.host.ports import ServicePort, port_list, service_port


def test_ports_as_people_write_them() -> None:
    assert service_port("8080") == ServicePort(8080, 8080)
    assert service_port("80:8080") == ServicePort(80, 8080)
    assert service_port("4143:8080") == ServicePort(4143, 8080)
    assert port_list("") == []
    assert port_list("9000, 25,4190-4192,25") == [25, 4190, 4191, 4192, 9000]


@pytest.mark.parametrize(
    "text", ["", "http", "0", "65536", "80:", ":80", "80:4143", "4191", "\N{FULLWIDTH DIGIT EIGHT}"]
)
def test_what_is_no_port_of_a_program(text: str) -> None:
    with pytest.raises(ValueError, match="port"):
        service_port(text)


@pytest.mark.parametrize("text", ["5-4", "1-65535", "a", "1-", "-1"])
def test_what_is_no_list_of_ports(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|backwards"):
        port_list(text)
