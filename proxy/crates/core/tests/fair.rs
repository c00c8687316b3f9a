//! Clients that share a budget.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hauberk_core::budget::{Budget, Share};
use hauberk_core::fair::{Client, Fair};
use hauberk_core::identity::{ClientTls, Id};
use proptest::prelude::*;

fn client(number: u8) -> Client {
    Client::at(Ipv4Addr::new(10, 0, 0, number).into())
}

/// As much as it gets, one by one.
fn all_it_gets(fair: &Fair, number: u8) -> Vec<Share> {
    let part = fair.part(client(number));
    std::iter::from_fn(|| part.try_take(1)).collect()
}

#[test]
fn a_client_gets_as_much_as_it_leaves_to_others() {
    for (total, alone) in [(0, 0), (1, 1), (2, 1), (3, 2), (100, 50)] {
        assert_eq!(all_it_gets(&Fair::new(Budget::new(total)), 1).len(), alone, "of {total}");
    }
    let fair = Fair::new(Budget::new(90));
    let first = all_it_gets(&fair, 1);
    let second = all_it_gets(&fair, 2);
    assert_eq!((first.len(), second.len()), (45, 23), "who comes later is left half of the rest");
    drop(first);
    drop(all_it_gets(&fair, 1));
    assert_eq!(fair.part(client(1)).taken(), 0);
    assert_eq!(all_it_gets(&fair, 2).len() + second.len(), 45);
}

#[test]
fn a_part_is_the_same_whoever_asks_and_goes_with_its_last_share() {
    let all = Budget::new(4);
    let fair = Fair::new(all.clone());
    let mut share = fair.part(client(1)).try_take(1).expect("there is room");
    assert!(share.try_grow(1) && !share.try_grow(1));
    assert_eq!((fair.part(client(1)).taken(), fair.part(client(1)).left(), all.taken()), (2, 0, 2));
    share.shrink_to(1);
    assert_eq!((fair.part(client(1)).taken(), fair.part(client(2)).left(), all.taken()), (1, 3, 1));
    drop(share);
    assert_eq!((fair.part(client(1)).taken(), all.taken()), (0, 0));
}

#[test]
fn who_has_nothing_is_forgotten() {
    let fair = Fair::new(Budget::new(1 << 20));
    let numbers = |range: std::ops::Range<u32>| range.map(|number| Client::at(Ipv4Addr::from_bits(number).into()));
    let kept: Vec<_> = numbers(0..1000).map(|client| fair.part(client)).collect();
    numbers(1000..100_000).for_each(|client| drop(fair.part(client)));
    assert!((1000..=2000).contains(&fair.remembered()), "{}", fair.remembered());
    drop(kept);
    numbers(0..4000).for_each(|client| drop(fair.part(client)));
    assert!(fair.remembered() <= 64, "{}", fair.remembered());
}

#[test]
fn a_client_is_its_identity_or_else_its_address_or_network() {
    let [v4, mapped, other] = ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"].map(|ip| ip.parse::<IpAddr>().unwrap());
    let [here, beside, elsewhere] =
        ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"].map(|ip| ip.parse().unwrap());
    assert_eq!(Client::at(v4), Client::at(mapped));
    assert_ne!(Client::at(v4), Client::at(other));
    assert_eq!(Client::at(here), Client::at(beside));
    assert_ne!(Client::at(here), Client::at(elsewhere));
    let named = |name: &str| ClientTls::Identified { id: Id::Dns(Arc::from(name)), also: Arc::from([]) };
    assert_eq!(Client::of(v4, &named("a")), Client::of(other, &named("a")));
    assert_ne!(Client::of(v4, &named("a")), Client::of(v4, &named("b")));
    assert_eq!(Client::of(v4, &ClientTls::Anonymous), Client::of(v4, &ClientTls::Plain));
}

proptest! {
    /// Whatever five clients take and give back, another one gets something: five halvings leave two of 64.
    #[test]
    fn a_few_clients_never_get_everything(total in 64_usize..200, steps in prop::collection::vec((0..5_u8, any::<bool>()), 1..600)) {
        let all = Budget::new(total);
        let fair = Fair::new(all.clone());
        let mut held: Vec<Vec<Share>> = (0..5).map(|_| Vec::new()).collect();
        for (number, takes) in steps {
            let had = held[number as usize].len();
            let left = all.left();
            let got = if takes { fair.part(client(number)).try_take(1) } else { None };
            prop_assert_eq!(got.is_some(), takes && had < left);
            match got {
                Some(share) => held[number as usize].push(share),
                None if !takes => drop(held[number as usize].pop()),
                None => {}
            }
            prop_assert_eq!(all.taken(), held.iter().map(Vec::len).sum::<usize>());
            prop_assert!(fair.part(client(9)).try_take(1).is_some());
        }
    }
}
