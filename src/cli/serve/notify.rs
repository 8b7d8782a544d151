//! Tells systemd the state of the server, for a unit with `Type=notify` (`sd_notify(3)`).

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use tracing::warn;

/// The variable with the address of systemd's socket.
const SOCKET: &str = "NOTIFY_SOCKET";

/// The server responds to requests.
pub const READY: &str = "READY=1";

/// The server has received a signal to stop, and waits for running exports.
pub const STOPPING: &str = "STOPPING=1";

/// Sends a state to systemd; does nothing without systemd. A failure is only logged: systemd stops a service that is not ready
/// in time.
pub fn notify(state: &str) {
    let Some(socket) = std::env::var_os(SOCKET).filter(|socket| !socket.is_empty()) else { return };
    if let Err(error) = send(&socket, state) {
        warn!(%error, state, "cannot tell systemd the state of the server");
    }
}

fn send(socket: &OsStr, state: &str) -> std::io::Result<()> {
    let address = match socket.as_bytes() {
        // A name in the abstract namespace.
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).expect("sent");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_state_reaches_a_socket_with_a_path_and_one_in_the_abstract_namespace() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("bound");
        send(path.as_os_str(), READY).expect("sent");
        assert_eq!(received(&socket), "READY=1");
        let name = format!("motion-export-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("an address");
        let socket = UnixDatagram::bind_addr(&address).expect("bound");
        send(format!("@{name}").as_ref(), STOPPING).expect("sent");
        assert_eq!(received(&socket), "STOPPING=1");
        drop(socket);
        send(format!("@{name}").as_ref(), READY).expect_err("nobody listens");
    }
}
