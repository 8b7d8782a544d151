//! The names and addresses for which the own authority issues a certificate.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::server::settings::{Server, host};

/// Returns the names and addresses of a server: those in its settings, those of this machine, and the addresses at which it
/// listens. In a fixed order, so that a change shows.
///
/// # Errors
/// Returns an error if a name in the settings is invalid.
pub fn certificate_names(server: &Server) -> anyhow::Result<Vec<String>> {
    let mut names: BTreeSet<_> = server.host_names()?.into_iter().chain(server.public_host()).collect();
    names.extend(host::names_of_machine());
    names.insert("localhost".to_owned());
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    names.extend(loopback.into_iter().chain(addresses(server.listen.ip())).map(|address| address.to_string()));
    Ok(names.into_iter().collect())
}

/// Returns the addresses of a socket that listens at this one: all of the machine if that is unspecified. Link-local addresses
/// of IPv6 are left out, because no URL can name their interface.
fn addresses(listen: IpAddr) -> Vec<IpAddr> {
    if !listen.is_unspecified() {
        return vec![listen];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let addresses = interfaces.into_iter().map(|interface| interface.ip());
    addresses.filter(|address| !matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())).collect()
}

/// Returns the address to show for a socket that listens at this one: if that is unspecified, the first private address of the
/// machine, or its name if it has none.
pub fn shown_address(listening: SocketAddr) -> String {
    if !listening.ip().is_unspecified() {
        return listening.to_string();
    }
    let mut private = addresses(listening.ip());
    private.retain(|address| match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    });
    // Those of IPv4 are easier to type.
    let private = private.into_iter().min_by_key(IpAddr::is_ipv6);
    let port = listening.port();
    private.map_or_else(
        || {
            let name = host::names_of_machine().into_iter().next_back().unwrap_or_else(|| "localhost".to_owned());
            format!("{name}:{port}")
        },
        |address| SocketAddr::new(address, port).to_string(),
    )
}
