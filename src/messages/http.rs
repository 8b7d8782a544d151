//! Why a request was refused that our pages never send. None of this is in the WASM.

use super::define::messages;

messages! {
    /// Why a request was refused that our pages never send.
    pub enum HttpMessage {
        /// The client uses HTTP/1.0.
        HttpVersion = "http_version",
            "An export needs HTTP/1.1 or newer: in older versions a truncated file looks complete. In nginx, set \
             proxy_http_version 1.1.",
            "Ein Export braucht HTTP/1.1 oder neuer: In älteren Versionen sieht eine abgeschnittene Datei vollständig aus. \
             Setzen Sie in nginx proxy_http_version 1.1.";
        /// The request is one for a proxy.
        NotAProxy = "not_a_proxy",
            "This server is not a proxy and opens no tunnels. Request one of its own addresses.",
            "Dieser Server ist kein Proxy und baut keine Tunnel auf. Rufen Sie eine seiner eigenen Adressen auf.";
        /// `OPTIONS *`.
        OptionsForServer = "options_for_server",
            "OPTIONS is not answered for the whole server (*). The header Allow lists the methods that its addresses support.",
            "OPTIONS wird für den ganzen Server (*) nicht beantwortet. Der Header Allow nennt die Methoden, die seine \
             Adressen unterstützen.";
        /// The request target is not a path.
        TargetNotAPath = "target_not_a_path",
            "The request target must be a path that begins with a slash, or a complete URL.",
            "Das Ziel der Anfrage muss ein Pfad sein, der mit einem Schrägstrich beginnt, oder eine vollständige URL.";
        /// The request target has another scheme.
        TargetScheme = "target_scheme",
            "The request target must be a path, or a URL with http or https.",
            "Das Ziel der Anfrage muss ein Pfad sein oder eine URL mit http oder https.";
        /// The host in the request target is not valid.
        TargetHostInvalid = "target_host_invalid",
            "The host in the request target is not a valid host name or address.",
            "Das Ziel der Anfrage enthält keinen gültigen Servernamen.";
        /// Two `Host` headers.
        ManyHosts = "many_hosts",
            "The request has more than one Host header. Send exactly one.",
            "Die Anfrage hat mehr als einen Host-Header. Senden Sie genau einen.";
        /// The `Host` header is not a host.
        HostInvalid = "host_invalid",
            "The Host header must be a host name or an address, with a port unless it is the default one.",
            "Der Host-Header muss ein Servername oder eine Adresse sein, mit Port, wenn es nicht der Standardport ist.";
        /// No `Host` header.
        NoHost = "no_host",
            "The request has no Host header, which HTTP/1.1 requires. Send one.",
            "Die Anfrage hat keinen Host-Header, den HTTP/1.1 verlangt. Senden Sie einen.";
        /// `Host` header and request target differ.
        HostsDiffer = "hosts_differ",
            "The Host header and the target of the request name different hosts. Name the same in both.",
            "Der Host-Header und das Ziel der Anfrage nennen verschiedene Server. Nennen Sie in beiden denselben.";
        /// The database cannot be written to.
        DatabaseReadOnly = "database_read_only",
            "The database cannot be written to at the moment, so no export can start. Try again later.",
            "In die Datenbank kann zurzeit nicht geschrieben werden, deshalb kann kein Export starten. Versuchen Sie es \
             später noch einmal.";
        /// The database answers with errors.
        DatabaseUnusable = "database_unusable",
            "The database cannot be used, so no export can start. The server's log says why.",
            "Die Datenbank kann nicht verwendet werden, deshalb kann kein Export starten. Der Grund steht im Protokoll des \
             Servers.";
        /// A newer version has migrated the database.
        NewerSchema { migration: String } = "newer_schema",
            "A newer version of Motion Export has migrated the database ({migration}), so this one exports nothing. Replace it by \
             the newer version.",
            "Eine neuere Version von Motion Export hat die Datenbank umgestellt ({migration}), deshalb exportiert diese nichts. \
             Ersetzen Sie sie durch die neuere Version.";
        /// The body is not UTF-8.
        BodyNotUtf8 = "body_not_utf8",
            "The body must be text in UTF-8.",
            "Der Inhalt der Anfrage muss Text in UTF-8 sein.";
        /// The request names another host.
        UnknownHost { host: String } = "unknown_host",
            "This server does not answer to the name {host}. If it is one of its names, its operator can add it to the settings: \
             server.hosts = \"{host}\".",
            "Dieser Server hört nicht auf den Namen {host}. Wenn das einer seiner Namen ist, kann der Betreiber ihn in den \
             Einstellungen ergänzen: server.hosts = \"{host}\".";
        /// The request names another host, and the server knows only this machine.
        HostNotPublic { host: String } = "host_not_public",
            "This server answers only on its own machine, not to the name {host}. Its operator can change that in the settings. \
             Behind a proxy with TLS: server.public_url = \"https://{host}\". In a home network without one: server.tls = \
             \"self-signed\", and server.listen = \"[::]:3000\".",
            "Dieser Server antwortet nur auf seinem eigenen Rechner, nicht unter dem Namen {host}. Der Betreiber kann das in den \
             Einstellungen ändern. Hinter einem Proxy mit TLS: server.public_url = \"https://{host}\". In einem Heimnetz ohne \
             Proxy: server.tls = \"self-signed\" und server.listen = \"[::]:3000\".";
        /// The client is not in a network with plain HTTP.
        PlainHttpNetwork { address: String } = "plain_http_network",
            "This server accepts plain HTTP only from the networks in its setting server.plain_http_networks, and {address} is \
             in none of them.",
            "Dieser Server nimmt unverschlüsseltes HTTP nur aus den Netzen in seiner Einstellung server.plain_http_networks an, \
             und {address} liegt in keinem davon.";
        /// The client speaks plain HTTP to the port with TLS.
        HttpsOnly { url: String } = "https_only",
            "This port speaks only https. Use {url} instead.",
            "Dieser Port spricht nur https. Verwenden Sie {url}.";
        /// The endpoint does not support this method.
        MethodNotAllowed = "method_not_allowed",
            "This address does not support this method. The header Allow lists the supported ones.",
            "Diese Adresse unterstützt diese Methode nicht. Der Header Allow nennt die unterstützten.";
        /// The address names a user who does not exist.
        NoSuchUser = "no_such_person",
            "This person does not exist. They may have been removed.",
            "Diese Person ist nicht vorhanden. Vielleicht wurde sie entfernt.";
        /// The access token is not valid.
        InvalidToken = "invalid_token",
            "The access token in the Authorization header is not valid: it may have expired or been revoked. Create one \
             under Settings → Access tokens.",
            "Der Header Authorization enthält kein gültiges Zugriffstoken: Es ist vielleicht abgelaufen oder widerrufen. \
             Erstellen Sie eines unter Einstellungen → Zugriffstoken.";
        /// Another site sent the request.
        CrossSite = "cross_site",
            "This request comes from another site, so it was rejected. Open the page on this server itself and try again.",
            "Diese Anfrage kommt von einer anderen Website, deshalb wurde sie abgelehnt. Öffnen Sie die Seite auf diesem \
             Server selbst und versuchen Sie es erneut.";
        /// The signed link is not valid.
        InvalidLink = "invalid_link",
            "This link does not work: it has expired, was altered, or its owner has signed out since. Ask for a new one.",
            "Dieser Link funktioniert nicht: Er ist abgelaufen, er wurde verändert, oder die Person, die ihn erstellt hat, \
             hat sich inzwischen abgemeldet. Bitten Sie um einen neuen Link.";
    }
}
