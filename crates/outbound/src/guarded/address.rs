//! Which addresses are not public, and why.
//!
//! After the registries of special-purpose addresses (RFC 6890, kept by IANA). For IPv6 it is the other way
//! round than for IPv4: only what has been given out (2000::/3) can be public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why nobody should be sent there by a user's word; `None` where the address is public.
pub(super) fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => of_v6(address),
    }
}

/// Whether clouds keep their metadata there, or whatever is on the same link. Allowing a host by name does not
/// open these.
pub(super) fn is_of_the_link(address: IpAddr) -> bool {
    match carried_v4(address) {
        Some(v4) => v4.is_link_local() || is_metadata_v4(v4),
        None => matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local() || is_metadata_v6(v6)),
    }
}

/// Addresses of clouds' own services that are not link-local: Azure's, Alibaba's, Oracle's.
fn is_metadata_v4(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] | [169, 254, _, _])
}

/// AWS's metadata, name and time services (fd00:ec2::/32), and Google's metadata (fd20:ce::254).
fn is_metadata_v6(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254])
}

fn of_v4(address: Ipv4Addr) -> Option<&'static str> {
    if is_metadata_v4(address) {
        return Some("a cloud's metadata service");
    }
    Some(match address.octets() {
        [0, ..] => "unspecified",
        [127, ..] => "loopback",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [100, 64..=127, ..] => "private (shared by a carrier's customers)",
        [192, 0, 0, _] => "reserved for protocols",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "reserved for documentation",
        [192, 88, 99, _] => "reserved (6to4 relays)",
        [198, 18..=19, ..] => "reserved for benchmarks",
        [224..=239, ..] => "multicast",
        [240..=255, ..] => "reserved or broadcast",
        _ => return None,
    })
}

fn of_v6(address: Ipv6Addr) -> Option<&'static str> {
    if is_metadata_v6(address) {
        return Some("a cloud's metadata service");
    }
    if let Some(v4) = carried_v4(IpAddr::V6(address)) {
        return of_v4(v4);
    }
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "unspecified",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0, 0, 0, 0, 0, 0, ..] => "an obsolete form of an IPv4 address",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xfec0..=0xfeff, ..] => "site-local",
        [0xfc00..=0xfdff, ..] => "private (unique local)",
        [0xff00..=0xffff, ..] => "multicast",
        [0x0064, 0xff9b, 1, ..] => "private (local NAT64)",
        // Teredo, benchmarks, ORCHID and their kin.
        [0x2001, 0x0000..=0x01ff, ..] => "reserved for protocols",
        [0x2001, 0x0db8, ..] | [0x3fff, 0x0000..=0x0fff, ..] => "reserved for documentation",
        [0x2002, ..] => "an IPv4 address in disguise (6to4)",
        [0x2000..=0x3fff, ..] => return None,
        _ => "not given out",
    })
}

/// The IPv4 address that a connection to this one ends at: itself, or what a mapped (`::ffff:0:0/96`) or a
/// NAT64 (`64:ff9b::/96`, RFC 6052) address carries. On a network that speaks IPv6 alone every IPv4 host is
/// reached through the latter, so these are judged by what they carry.
pub(super) fn carried_v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => {
                let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                Some(Ipv4Addr::new(a, b, c, d))
            }
            _ => None,
        },
    }
}
