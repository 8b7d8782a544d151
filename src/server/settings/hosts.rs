//! The hosts under which a request may address this server.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::host;
use super::server::Server;

/// The hosts under which a request may address this server. Others are refused, because a page of another site could let a
/// name of its own point here (DNS rebinding). No page can do that with an IP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    names: BTreeSet<String>,
    addresses: Addresses,
}

/// Which IP addresses are accepted as hosts, besides loopback addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Addresses {
    /// None: a proxy is in front of the server.
    None,
    /// All: the server itself speaks TLS. A container does not know the addresses of its host.
    All,
    /// Those in the networks with plain HTTP.
    Within(Vec<IpNet>),
}

impl Hosts {
    /// Returns the hosts of a server with these settings on a machine with these names.
    ///
    /// # Errors
    /// Returns an error if one in the settings is invalid.
    pub fn new(server: &Server, machine: Vec<String>) -> anyhow::Result<Self> {
        let networks = server.plain_networks()?;
        let addresses = match (server.has_own_tls(), networks.is_empty()) {
            (true, _) => Addresses::All,
            (false, true) => Addresses::None,
            (false, false) => Addresses::Within(networks),
        };
        let mut names: BTreeSet<_> = server.host_names()?.into_iter().chain(server.public_host()).collect();
        if addresses != Addresses::None {
            names.extend(machine);
        }
        Ok(Self { names, addresses })
    }

    /// Whether a `Host` header, with or without a port, names this server.
    pub fn accept(&self, header: &str) -> bool {
        if host::is_this_machine(header) {
            return true;
        }
        let Some(name) = host::name(header) else { return false };
        let name = name.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let Ok(address) = name.parse::<IpAddr>().map(|address| address.to_canonical()) else {
            return self.names.contains(name);
        };
        let is_accepted = match &self.addresses {
            Addresses::None => false,
            Addresses::All => true,
            Addresses::Within(networks) => networks.iter().any(|network| network.contains(&address)),
        };
        is_accepted || self.names.contains(&address.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::settings::server::Tls;

    fn accepts(server: &Server, hosts: &[(&str, bool)]) {
        let accepted = Hosts::new(server, vec!["nas".to_owned(), "nas.local".to_owned()]).expect("valid settings");
        for (host, expected) in hosts {
            assert_eq!(accepted.accept(host), *expected, "{host} with {server:?}");
        }
    }

    #[test]
    fn behind_a_proxy_only_loopback_and_the_names_in_the_settings_are_accepted() {
        let mut server = Server::default();
        accepts(&server, &[("localhost:3000", true), ("[::1]:3000", true), ("nas", false), ("192.168.1.2", false)]);
        server.public_url = "https://Motion.example".to_owned();
        server.hosts = "motion.lan, Überwachung.lan, 192.168.1.2".to_owned();
        accepts(
            &server,
            &[
                ("motion.example", true),
                ("MOTION.lan:8443", true),
                ("xn--berwachung-8db.lan", true),
                ("192.168.1.2:3000", true),
                ("192.168.1.3:3000", false),
                ("nas.local", false),
                ("motion.example.evil.example", false),
            ],
        );
    }

    #[test]
    fn with_tls_of_its_own_the_server_has_the_names_of_its_machine_and_any_address() {
        let server = Server { tls: Tls::SelfSigned, ..Server::default() };
        accepts(
            &server,
            &[
                ("nas", true),
                ("NAS.local:3000", true),
                ("nas.local.", true),
                ("192.168.1.2:3000", true),
                ("[fd00::1]:3000", true),
                ("evil.example", false),
                ("other.local", false),
                ("192.168.1.2.evil.example", false),
                ("", false),
            ],
        );
    }

    #[test]
    fn with_plain_http_only_the_addresses_of_its_networks_are_accepted() {
        let networks = "192.168.0.0/16, fd00::/8".to_owned();
        let server = Server { plain_http_networks: networks, ..Server::default() };
        accepts(
            &server,
            &[
                ("nas.local", true),
                ("192.168.1.2:3000", true),
                ("[fd00::1]:3000", true),
                ("[::ffff:192.168.1.2]", true),
                ("10.0.0.1", false),
                ("203.0.113.1", false),
                ("evil.example", false),
            ],
        );
    }
}
