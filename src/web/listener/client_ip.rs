//! From where a request comes: the peer of its connection, or, behind a proxy that the settings trust, whom that proxy
//! says it speaks for. Nobody else is believed.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::web::listener::connection::ConnectionInfo;

/// The client's address. `None` where the server was not told its peers' addresses.
pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<ConnectionInfo>>()?;
    Some(client(peer.address.ip(), headers, trusted))
}

/// Walks `X-Forwarded-For` from its end, where the nearest proxy wrote, as long as who wrote is trusted.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let mut address = peer;
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        if !is_trusted(&address) {
            break;
        }
        let hop = hop.trim();
        // Some proxies tell the port as well.
        let with_port = || hop.parse::<SocketAddr>().map(|hop| hop.ip());
        let Ok(before) = hop.parse().or_else(|_| with_port()) else { break };
        address = before;
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        client(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.1"], &[]), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", &["198.51.100.1"], &["192.0.2.2/32"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_tells_whom_it_speaks_for_and_no_more() {
        let proxy = ["127.0.0.0/8", "10.0.0.0/8"];
        assert_eq!(seen("127.0.0.1", &["198.51.100.1"], &proxy), "198.51.100.1");
        // What the client itself had written comes first, and is not reached.
        assert_eq!(seen("127.0.0.1", &["203.0.113.9, 198.51.100.1"], &proxy), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["203.0.113.9", "198.51.100.1, 10.1.2.3"], &proxy), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &[], &proxy), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["nonsense"], &proxy), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1:4711"], &proxy), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::1]:4711"], &proxy), "2001:db8::1");
        assert_eq!(seen("::ffff:127.0.0.1", &["2001:db8::1"], &proxy), "2001:db8::1");
    }
}
