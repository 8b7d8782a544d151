//! Errors in the transport of server functions. Server and browser both use them.

use super::define::messages;

messages! {
    /// An error in the transport of a server function.
    pub enum TransportMessage {
        /// Leptos cannot read the arguments of a server function.
        BadArguments { reason: String } = "bad_arguments",
            "The arguments cannot be read: {reason}",
            "Die Argumente können nicht gelesen werden: {reason}";
        /// The browser cannot reach the server.
        ServerUnreachable = "server_unreachable",
            "The server could not be reached. Check the connection and try again.",
            "Der Server war nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es erneut.";
        /// The server has an internal error.
        Internal = "internal",
            "Internal server error. The server's log has the reason, under the request id of this response.",
            "Interner Serverfehler. Der Grund steht im Protokoll des Servers, unter der Anfrage-ID dieser Antwort.";
    }
}
