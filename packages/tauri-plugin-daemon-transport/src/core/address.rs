//! What an IP address is: whether the whole internet can mean it, which IPv4 address is hidden in an IPv6 one,
//! and whether a range was written with it in mind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// IPv4 addresses that are not globally reachable unicast ones: the IANA special-purpose registry (RFC 6890),
/// multicast and the reserved class E.
const NOT_PUBLIC_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),       // this network
    v4(10, 0, 0, 0, 8),      // private
    v4(100, 64, 0, 0, 10),   // shared by carriers
    v4(127, 0, 0, 0, 8),     // loopback
    v4(169, 254, 0, 0, 16),  // link-local; cloud metadata
    v4(172, 16, 0, 0, 12),   // private
    v4(192, 0, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 0, 24),    // documentation
    v4(192, 88, 99, 0, 24),  // 6to4 relays, deprecated
    v4(192, 168, 0, 0, 16),  // private
    v4(198, 18, 0, 0, 15),   // benchmarking
    v4(198, 51, 100, 0, 24), // documentation
    v4(203, 0, 113, 0, 24),  // documentation
    v4(224, 0, 0, 0, 4),     // multicast
    v4(240, 0, 0, 0, 4),     // reserved, broadcast
];

/// The only IPv6 space given out for global unicast (RFC 4291 section 2.4, IANA).
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Parts of [`GLOBAL_V6`] that are something else.
const NOT_PUBLIC_V6: &[Ipv6Net] = &[
    v6(0x2001, 0, 0, 23),     // protocol assignments: Teredo, benchmarking, ORCHID
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0x2002, 0, 0, 16),     // 6to4
    v6(0x3fff, 0, 0, 20),     // documentation
];

/// NAT64 (RFC 6052): on networks without IPv4 the resolver answers with these for servers that have only IPv4.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);
const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
const COMPATIBLE: Ipv6Net = v6(0, 0, 0, 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);
const TEREDO: Ipv6Net = v6(0x2001, 0, 0, 32);

/// Whether this is a globally reachable unicast address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) if NAT64.contains(&address) => {
            is_public(IpAddr::V4(last_four(address)))
        }
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// An IPv4 address inside an IPv6 one: packets to the latter may arrive at the former.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded {
    /// The range whose addresses all embed one.
    pub within: Ipv6Net,
    /// The address.
    pub address: Ipv4Addr,
}

/// The IPv4 address that is embedded in this one: mapped, compatible, 6to4, Teredo or NAT64.
pub fn embedded(address: IpAddr) -> Option<Embedded> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let [_, a, b, ..] = address.segments();
    let found = |within, address| Some(Embedded { within, address });
    if MAPPED.contains(&address) || NAT64.contains(&address) {
        let within = if MAPPED.contains(&address) {
            MAPPED
        } else {
            NAT64
        };
        return found(within, last_four(address));
    }
    if SIX_TO_FOUR.contains(&address) {
        let [a0, a1] = a.to_be_bytes();
        let [b0, b1] = b.to_be_bytes();
        return found(SIX_TO_FOUR, Ipv4Addr::new(a0, a1, b0, b1));
    }
    if TEREDO.contains(&address) {
        // RFC 4380 section 4: the client's address with every bit turned over.
        return found(TEREDO, Ipv4Addr::from(!u32::from(last_four(address))));
    }
    let unspecified_or_loopback = address.is_unspecified() || address.is_loopback();
    if COMPATIBLE.contains(&address) && !unspecified_or_loopback {
        return found(COMPATIBLE, last_four(address));
    }
    None
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// Whether a range allows an address. Literally; and one that embeds an IPv4 address only where the range names
/// that kind: `::/0` says nothing of `::ffff:127.0.0.1`.
pub fn allows(range: IpNet, address: IpAddr) -> bool {
    range.contains(&address)
        && embedded(address).is_none_or(|embedded| IpNet::V6(embedded.within).contains(&range))
}

/// Whether a range denies an address: literally, or the IPv4 address in it.
pub fn denies(range: IpNet, address: IpAddr) -> bool {
    range.contains(&address)
        || embedded(address).is_some_and(|embedded| range.contains(&IpAddr::V4(embedded.address)))
}

/// Whether a range has loopback addresses only.
pub fn is_loopback(range: IpNet) -> bool {
    let v4 = IpNet::V4(v4(127, 0, 0, 0, 8));
    let v6 = IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST));
    v4.contains(&range) || v6.contains(&range)
}

/// Reads a range such as `192.168.0.0/16`. The error says what is wrong with it.
pub fn read_range(text: &str) -> Result<IpNet, String> {
    let (address, prefix) = text.split_once('/').ok_or_else(|| {
        format!("{text:?} is not a range of addresses such as \"192.168.0.0/16\"")
    })?;
    let problem = || format!("{text:?} is not a range of addresses such as \"192.168.0.0/16\"");
    let address: IpAddr = address.parse().map_err(|_| problem())?;
    let written_plainly = prefix.bytes().all(|byte| byte.is_ascii_digit())
        && (prefix.len() == 1 || !prefix.starts_with('0'));
    let prefix: u8 = prefix.parse().map_err(|_| problem())?;
    let range = IpNet::new(address, prefix).map_err(|_| problem())?;
    if !written_plainly || range.addr() != range.network() {
        return Err(format!(
            "{text:?} is not in its normal form; if that is what is meant, write \"{}\"",
            range.trunc()
        ));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn only_globally_reachable_unicast_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
            "3ffe::1",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(ip(public)), "{public}");
        }
        for other in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::808:808",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:808:808::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff::1",
        ] {
            assert!(!is_public(ip(other)), "{other}");
        }
    }

    #[test]
    fn the_ipv4_address_inside_an_ipv6_one_is_found() {
        for (outer, inner) in [
            ("::ffff:127.0.0.1", Some("127.0.0.1")),
            ("::127.0.0.1", Some("127.0.0.1")),
            ("64:ff9b::a9fe:a9fe", Some("169.254.169.254")),
            ("2002:c0a8:10a::1", Some("192.168.1.10")),
            ("2001:0:4136:e378:8000:63bf:80ff:fffe", Some("127.0.0.1")),
            ("::1", None),
            ("::", None),
            ("fd00::7f00:1", None),
            ("127.0.0.1", None),
        ] {
            let found = embedded(ip(outer)).map(|embedded| IpAddr::V4(embedded.address));
            assert_eq!(found, inner.map(ip), "{outer}");
        }
    }

    #[test]
    fn a_range_allows_what_it_says_and_denies_what_arrives_there() {
        let range = |text| read_range(text).expect(text);
        for (text, address, allowed, denied) in [
            ("127.0.0.0/8", "127.0.0.1", true, true),
            ("127.0.0.0/8", "::ffff:127.0.0.1", false, true),
            ("127.0.0.0/8", "2002:7f00:1::", false, true),
            ("127.0.0.0/8", "64:ff9b::7f00:1", false, true),
            ("127.0.0.0/8", "128.0.0.1", false, false),
            ("::/0", "::ffff:127.0.0.1", false, true),
            ("::/0", "2002:7f00:1::", false, true),
            ("::/0", "2606:4700::1", true, true),
            ("::/0", "127.0.0.1", false, false),
            ("0.0.0.0/0", "::1", false, false),
            ("::ffff:0:0/96", "::ffff:127.0.0.1", true, true),
            ("::ffff:0:0/96", "127.0.0.1", false, false),
            ("2002::/16", "2002:7f00:1::", true, true),
        ] {
            assert_eq!(
                allows(range(text), ip(address)),
                allowed,
                "{text} {address}"
            );
            assert_eq!(denies(range(text), ip(address)), denied, "{text} {address}");
        }
    }

    #[test]
    fn a_range_is_read_in_its_normal_form_only() {
        for text in [
            "0.0.0.0/0",
            "192.168.0.0/16",
            "127.0.0.1/32",
            "::/0",
            "fd00::/8",
            "::1/128",
        ] {
            assert!(read_range(text).is_ok(), "{text}");
        }
        for text in [
            "192.168.0.0",
            "192.168.0.1/16",
            "192.168.0.0/33",
            "192.168.0.0/016",
            "192.168.0.0/+16",
            "192.168.0.0/",
            "192.168/16",
            "0xc0.0.0.0/8",
            "010.0.0.0/8",
            "[fd00::]/8",
            "fd00::1/8",
            "fd00::/129",
            "/8",
            "",
            "a/8",
            "192.168.0.0/16/8",
            " 192.168.0.0/16",
            "192.168.0.0/-1",
        ] {
            assert!(read_range(text).is_err(), "{text}");
        }
        assert!(read_range("192.168.1.7/24")
            .expect_err("refused")
            .contains("192.168.1.0/24"));
    }
}
