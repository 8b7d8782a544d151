//! Lists of addresses and networks in the settings, and which networks are private.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::Context;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The IPv4 networks that are not reached through the internet: those of RFC 1918, link-local addresses, the range that
/// providers and some VPNs share (RFC 6598), and loopback.
const PRIVATE_V4: [Ipv4Net; 6] = [
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
];

/// The same for IPv6: unique local addresses (RFC 4193), link-local addresses, and loopback.
const PRIVATE_V6: [Ipv6Net; 3] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
];

/// Parses addresses and networks, separated by commas. `setting` is the name of the setting.
///
/// # Errors
/// Returns an error if one cannot be read; the message names it.
pub fn parse(setting: &str, list: &str) -> anyhow::Result<Vec<IpNet>> {
    let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)).ok().with_context(|| {
                format!("{setting}: “{part}” is neither an address such as 10.0.0.1 nor a network such as 10.0.0.0/8")
            })
        })
        .collect()
}

/// Whether all addresses of a network are private.
pub fn is_private(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => PRIVATE_V4.iter().any(|private| private.contains(network)),
        IpNet::V6(network) => PRIVATE_V6.iter().any(|private| private.contains(network)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_private_only_if_all_its_addresses_are() {
        for (network, expected) in [
            ("192.168.0.0/16", true),
            ("192.168.1.0/24", true),
            ("192.168.1.2", true),
            ("10.0.0.0/8", true),
            ("172.16.0.0/12", true),
            ("100.64.0.0/10", true),
            ("fd00::/8", true),
            ("fe80::/64", true),
            ("::1", true),
            ("192.0.0.0/8", false),
            ("172.0.0.0/8", false),
            ("0.0.0.0/0", false),
            ("8.8.8.8", false),
            ("::/0", false),
            ("2001:db8::/32", false),
        ] {
            let networks = parse("x", network).expect("a network");
            assert_eq!(is_private(&networks[0]), expected, "{network}");
        }
    }
}
