//! The IP address of a client: that of the connection, or the one that a trusted proxy reports. Other clients are not trusted
//! to report one.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::web::listener::connection::ConnectionInfo;

/// Returns the IP address of the client. `None` if the listener did not record the peer.
pub fn client_ip(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<ConnectionInfo>>()?;
    Some(client_address(peer.address.ip(), headers, trusted))
}

/// Returns whether an address is in one of these networks. One of IPv4 may be written as one of IPv6.
pub fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Walks `X-Forwarded-For` from its end, which the nearest proxy wrote, until an address is not a trusted proxy.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let mut address = peer;
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        if !is_in(address, trusted) {
            break;
        }
        let hop = hop.trim();
        // Some proxies add the port.
        let with_port = || hop.parse::<SocketAddr>().map(|hop| hop.ip());
        let Ok(previous) = hop.parse().or_else(|_| with_port()) else { break };
        address = previous;
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        client_address(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_may_report_an_address() {
        assert_eq!(resolve("192.0.2.1", &["198.51.100.1"], &[]), "192.0.2.1");
        assert_eq!(resolve("192.0.2.1", &["198.51.100.1"], &["192.0.2.2/32"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_reports_the_address_of_its_client_only() {
        let proxy = ["127.0.0.0/8", "10.0.0.0/8"];
        assert_eq!(resolve("127.0.0.1", &["198.51.100.1"], &proxy), "198.51.100.1");
        // An entry that the client itself wrote comes first and is not used.
        assert_eq!(resolve("127.0.0.1", &["203.0.113.9, 198.51.100.1"], &proxy), "198.51.100.1");
        assert_eq!(resolve("127.0.0.1", &["203.0.113.9", "198.51.100.1, 10.1.2.3"], &proxy), "198.51.100.1");
        assert_eq!(resolve("127.0.0.1", &[], &proxy), "127.0.0.1");
        assert_eq!(resolve("127.0.0.1", &["nonsense"], &proxy), "127.0.0.1");
        assert_eq!(resolve("127.0.0.1", &["198.51.100.1:4711"], &proxy), "198.51.100.1");
        assert_eq!(resolve("127.0.0.1", &["[2001:db8::1]:4711"], &proxy), "2001:db8::1");
        assert_eq!(resolve("::ffff:127.0.0.1", &["2001:db8::1"], &proxy), "2001:db8::1");
    }
}
