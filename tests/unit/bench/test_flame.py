"""From a profile to a picture."""

from xml.etree import ElementTree as ET

from bench import flamegraph, folded

SCRIPT = """   41
\tffffffff81 tcp_sendmsg ([kernel.kallsyms])
\t      55d0 <rustls::conn::Writer as std::io::Write>::write::h0123456789abcdef (/run/hauberk-proxy)
\t      55d1 hauberk_data::stream::Stream<alloc::rc::Rc<u8>>::flush+0x1f (/run/hauberk-proxy)

   99
\t      1234 main (/usr/sbin/nginx)

   42
\t      55d1 hauberk_data::stream::Stream<u16>::flush+0x22 (/run/hauberk-proxy)

   42
\t      55d1 hauberk_data::stream::Stream<u16>::flush+0x99 (/run/hauberk-proxy)

"""
TITLES = {41: "client", 42: "server"}
FLUSH = "hauberk_data::stream::Stream::flush"


def test_stacks_of_the_two_proxies_are_counted_without_what_differs_by_chance() -> None:
    client = ("client", FLUSH, "<rustls::conn::Writer as std::io::Write>::write", "tcp_sendmsg [k]")
    assert folded.fold(SCRIPT, TITLES) == {client: 1, ("server", FLUSH): 2}


def test_time_is_summed_up_by_who_wrote_the_code() -> None:
    shares = folded.shares(folded.fold(SCRIPT, TITLES))
    assert {part: round(share, 3) for part, share in shares.items()} == {"Hauberk": 0.667, "kernel": 0.333}
    assert folded.part_of("<h2::proto::Stream as core::Drop>::drop") == "HTTP/2"
    assert folded.part_of("epoll_wait") == folded.OTHERS


def test_a_box_is_as_wide_as_its_time_and_stands_on_its_caller() -> None:
    svg = flamegraph.draw(folded.fold(SCRIPT, TITLES), "<title>")
    boxes = {
        group[0].text.rpartition(":")[0]: {key: float(group[1].get(key, "0")) for key in ("x", "y", "width")}
        for group in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}g")  # noqa: S314 - our own
        if group[0].text
    }
    assert round(boxes["server"]["width"] / boxes["client"]["width"], 2) == 2.0
    assert boxes["tcp_sendmsg [k]"]["y"] == boxes["client"]["y"] - 3 * flamegraph.ROW
    assert boxes["server"]["x"] > boxes["client"]["x"]
