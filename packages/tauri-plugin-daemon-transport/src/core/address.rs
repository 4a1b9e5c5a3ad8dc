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
