//! The rules of `answer`, by examples and by arbitrary bytes.

use proptest::prelude::*;

use super::*;

fn zone() -> Zone {
    Zone::new("cluster.local").unwrap()
}

fn view() -> View {
    let mut view = View::default();
    view.insert("default", "web", vec!["10.78.0.7".parse().unwrap()]);
    view.insert("default", "many", (0..200).map(|n| IpAddr::from([10, 78, 1, n])).collect());
    view
}

fn query(name: &str, kind: RecordType) -> Message {
    let mut query = Message::new(4711, MessageType::Query, OpCode::Query);
    query.metadata.recursion_desired = true;
    query.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    query
}

fn ask_by(query: &Message, transport: Transport) -> Message {
    match answer(&zone(), Some(&view()), &query.to_vec().unwrap(), transport) {
        Outcome::Reply(bytes) => Message::from_vec(&bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn ask(name: &str, kind: RecordType) -> Message {
    ask_by(&query(name, kind), Transport::Udp)
}

#[test]
fn a_service_answers_with_its_virtual_address_whatever_the_case() {
    for name in ["web.default.svc.cluster.local.", "WEB.Default.svc.Cluster.Local."] {
        let response = ask(name, RecordType::A);
        assert_eq!(response.metadata.id, 4711);
        assert_eq!(response.metadata.response_code, ResponseCode::NoError);
        assert!(response.metadata.authoritative && response.metadata.recursion_available);
        assert_eq!(response.answers[0].data, RData::A(A([10, 78, 0, 7].into())));
        assert_eq!(response.answers[0].name.to_ascii(), name);
    }
}

#[test]
fn a_service_without_an_ipv6_address_exists_and_has_no_data() {
    let response = ask("web.default.svc.cluster.local.", RecordType::AAAA);
    assert_eq!(response.metadata.response_code, ResponseCode::NoError);
    assert!(response.answers.is_empty());
    assert_eq!(response.authorities[0].record_type(), RecordType::SOA);
}

#[test]
fn unknown_names_of_the_zone_do_not_exist_and_parents_of_names_do() {
    for name in ["api.default.svc", "web.other.svc", "other.svc", "x.web.default.svc", "pod"] {
        let response = ask(&format!("{name}.cluster.local."), RecordType::A);
        assert_eq!(response.metadata.response_code, ResponseCode::NXDomain, "{name}");
        assert_eq!(response.authorities[0].record_type(), RecordType::SOA);
    }
    for name in ["default.svc.cluster.local.", "svc.cluster.local.", "cluster.local."] {
        assert_eq!(ask(name, RecordType::A).metadata.response_code, ResponseCode::NoError, "{name}");
    }
}

#[test]
fn names_elsewhere_are_somebody_elses() {
    for name in ["example.com.", "local.", "notcluster.local.", "."] {
        let query = query(name, RecordType::A).to_vec().unwrap();
        assert_eq!(answer(&zone(), None, &query, Transport::Udp), Outcome::Forward, "{name}");
    }
}

#[test]
fn without_a_view_nothing_is_said_about_the_zone() {
    let query = query("web.default.svc.cluster.local.", RecordType::A).to_vec().unwrap();
    let Outcome::Reply(bytes) = answer(&zone(), None, &query, Transport::Udp) else { panic!("no reply") };
    assert_eq!(Message::from_vec(&bytes).unwrap().metadata.response_code, ResponseCode::ServFail);
}

#[test]
fn an_answer_too_large_for_a_datagram_is_truncated_and_whole_over_tcp() {
    let query = query("many.default.svc.cluster.local.", RecordType::A);
    let datagram = ask_by(&query, Transport::Udp);
    assert!(datagram.metadata.truncation && datagram.answers.is_empty());
    let stream = ask_by(&query, Transport::Tcp);
    assert!(!stream.metadata.truncation);
    assert_eq!(stream.answers.len(), 200);
}

#[test]
fn edns_is_answered_with_edns_and_an_unknown_version_is_refused() {
    let mut query = query("web.default.svc.cluster.local.", RecordType::A);
    assert!(ask_by(&query, Transport::Udp).edns.is_none());
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    query.set_edns(edns.clone());
    assert_eq!(ask_by(&query, Transport::Udp).edns.unwrap().max_payload(), UDP_MAX);
    query.set_edns(edns.set_version(1).clone());
    // The number has two names: BADVERS here, BADSIG in signed messages.
    assert_eq!(u16::from(ask_by(&query, Transport::Udp).metadata.response_code), 16);
}

#[test]
fn what_is_no_single_question_gets_an_error() {
    let mut two = query("web.default.svc.cluster.local.", RecordType::A);
    two.add_query(two.queries[0].clone());
    assert_eq!(ask_by(&two, Transport::Udp).metadata.response_code, ResponseCode::FormErr);
    let transfer = query("cluster.local.", RecordType::AXFR);
    assert_eq!(ask_by(&transfer, Transport::Tcp).metadata.response_code, ResponseCode::Refused);
    let mut status = query("cluster.local.", RecordType::A);
    status.metadata.op_code = OpCode::Status;
    assert_eq!(ask_by(&status, Transport::Udp).metadata.response_code, ResponseCode::NotImp);
}

#[test]
fn questions_that_fill_a_datagram_by_themselves_are_not_repeated() {
    let mut all = query("web.default.svc.cluster.local.", RecordType::A);
    for number in 0..100 {
        let name = Name::from_ascii(format!("{number}.{}example.", "a.".repeat(20))).unwrap();
        all.add_query(Query::query(name, RecordType::A));
    }
    let Outcome::Reply(reply) = answer(&zone(), Some(&view()), &all.to_vec().unwrap(), Transport::Udp) else {
        panic!()
    };
    assert!(reply.len() <= UDP_PLAIN.into());
    let reply = Message::from_vec(&reply).unwrap();
    assert_eq!((reply.metadata.response_code, reply.metadata.id), (ResponseCode::FormErr, 4711));
}

#[test]
fn responses_are_never_answered() {
    let mut bytes = query("web.default.svc.cluster.local.", RecordType::A).to_vec().unwrap();
    bytes[2] |= RESPONSE_BIT;
    assert_eq!(answer(&zone(), Some(&view()), &bytes, Transport::Udp), Outcome::Ignore);
}

proptest! {
    #[test]
    fn any_bytes_are_answered_within_the_limit_or_not_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Outcome::Reply(reply) = answer(&zone(), Some(&view()), &bytes, Transport::Udp) {
            prop_assert!(reply.len() <= usize::from(UDP_MAX));
            prop_assert_eq!(&reply[..2], &bytes[..2]);
            prop_assert!(reply[2] & RESPONSE_BIT != 0);
        }
    }

    #[test]
    fn a_damaged_query_is_answered_within_the_limit_or_not_at_all(
        at in 0..48usize,
        value in any::<u8>(),
        length in 0..64usize,
    ) {
        let mut bytes = query("web.default.svc.cluster.local.", RecordType::A).to_vec().unwrap();
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(length);
        if let Outcome::Reply(reply) = answer(&zone(), Some(&view()), &bytes, Transport::Udp) {
            prop_assert!(reply.len() <= usize::from(UDP_MAX));
        }
    }
}
