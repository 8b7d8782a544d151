//! The signals that stop a command or a server: SIGINT (Ctrl-C), SIGTERM, and SIGHUP (its terminal was closed).

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop the program. Once this exists, none of them ends the program by itself.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` if the program was started to ignore it, as by `nohup`.
    hangup: Option<Signal>,
}

impl StopSignals {
    /// Starts to listen for the signals.
    ///
    /// # Errors
    /// Returns an error if the system refuses.
    pub fn new() -> std::io::Result<Self> {
        let hangup = if is_hangup_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }
}

/// Whether this process ignores SIGHUP.
fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangup(&status))
}

/// Does the same with the text of `/proc/self/status`: SIGHUP is signal 1, the lowest bit of the mask.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_hangup_is_found_in_the_mask_of_ignored_signals() {
        assert!(ignores_hangup("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0"));
        assert!(!ignores_hangup("Name:\tx\nSigIgn:\t0000000000001000\nSigCgt:\t1"));
        assert!(!ignores_hangup(""));
    }
}
