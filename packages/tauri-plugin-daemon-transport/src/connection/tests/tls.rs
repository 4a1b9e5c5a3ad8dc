//! TLS against a real server on loopback: whom a connection trusts, and what the page is told when it does not.

use rcgen::{date_time_ymd, BasicConstraints, IsCa};
use tokio_rustls::{server::TlsStream, TlsAcceptor};

use super::{
    certificates::{self_signed, Authority},
    *,
};
use crate::tls::Tls;

/// Connects by a scope entry with these additions, to a server of this kind. Gives the client, and what the server
/// made of it.
async fn attempt(
    host: &str,
    terms: Value,
    trusted: Option<&Authority>,
    acceptor: TlsAcceptor,
) -> (Client, std::io::Result<TlsStream<TcpStream>>) {
    let (listener, port) = listener().await;
    let mut entry = json!({ "scheme": "wss", "host": host, "port": port, "path": "/ws" });
    let (Some(entry_fields), Value::Object(terms)) = (entry.as_object_mut(), terms) else {
        panic!("objects");
    };
    entry_fields.extend(terms);
    let ways = Ways {
        tls: Tls::new(trusted.iter().map(|authority| authority.root()).collect()),
        ..Ways::none()
    };
    let client = start(
        allowed(&entry, &format!("wss://{host}:{port}/ws")),
        ways,
        patient(),
        true,
    );
    let session = acceptor.accept(accept(&listener).await).await;
    (client, session)
}

/// The error that a refused certificate ends in. The server must not have seen a byte of the request.
async fn refused(
    terms: Value,
    trusted: Option<&Authority>,
    acceptor: TlsAcceptor,
) -> (String, String) {
    let (client, session) = attempt("localhost", terms, trusted, acceptor).await;
    let error = client.failure().await;
    if let Ok(mut session) = session {
        let mut received = Vec::new();
        // In TLS 1.3 the server is done before the client has judged; then it reads an alert and the end.
        let _ = session.read_to_end(&mut received).await;
        assert_eq!(
            received, b"",
            "nothing is sent to a server that is not trusted"
        );
    }
    let text = |field: &str| error[field].as_str().expect("text").to_owned();
    (text("code"), text("message"))
}

async fn opens(
    host: &str,
    terms: Value,
    trusted: Option<&Authority>,
    acceptor: TlsAcceptor,
) -> TlsStream<TcpStream> {
    let (mut client, session) = attempt(host, terms, trusted, acceptor).await;
    let socket = upgraded(session.expect("a session")).await;
    let (event, payload) = client.next().await;
    assert_eq!((event, &payload["via"]), ("daemon://open", &json!("tls")));
    socket.into_inner()
}

#[tokio::test]
async fn a_server_with_a_trusted_certificate_is_connected_to_by_name_and_by_address() {
    let authority = Authority::new();
    let session = opens(
        "localhost",
        json!({}),
        Some(&authority),
        authority.server(&["localhost"]),
    )
    .await;
    let (_, server) = session.get_ref();
    assert_eq!(server.server_name(), Some("localhost"));
    assert_eq!(server.alpn_protocol(), Some(&b"http/1.1"[..]));
    let session = opens(
        "127.0.0.1",
        json!({}),
        Some(&authority),
        authority.server(&["127.0.0.1"]),
    )
    .await;
    assert_eq!(
        session.get_ref().1.server_name(),
        None,
        "an address is not sent as a name"
    );
}

#[tokio::test]
async fn an_expired_certificate_is_named_as_such() {
    let authority = Authority::new();
    let (server, _) = authority.server_with(&["localhost"], |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    });
    let (code, message) = refused(json!({}), Some(&authority), server).await;
    assert_eq!(code, "tls_expired");
    assert!(
        message.contains("localhost:") && message.contains("days ago"),
        "{message}"
    );
}

#[tokio::test]
async fn a_certificate_of_the_future_is_named_as_such() {
    let authority = Authority::new();
    let (server, _) = authority.server_with(&["localhost"], |params| {
        params.not_before = date_time_ymd(4000, 1, 1);
        params.not_after = date_time_ymd(4001, 1, 1);
    });
    let (code, message) = refused(json!({}), Some(&authority), server).await;
    assert_eq!(code, "tls_not_yet_valid");
    assert!(message.contains("clocks"), "{message}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_and_its_names_are_told() {
    let authority = Authority::new();
    let server = authority.server(&["other.test"]);
    let (code, message) = refused(json!({}), Some(&authority), server).await;
    assert_eq!(code, "tls_wrong_name");
    assert!(message.contains("other.test"), "{message}");
}

#[tokio::test]
async fn an_unknown_issuer_is_refused_and_the_pin_to_compare_is_told() {
    let (server, pin) = Authority::new().server_with(&["localhost"], |_| {});
    let (code, message) = refused(json!({}), None, server).await;
    assert_eq!(code, "tls_unknown_issuer");
    assert!(message.contains(&pin), "{message}");
    // What `openssl req -x509` makes is a certificate of an authority.
    for change in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let (server, pin) = self_signed(&["localhost"], |params| params.is_ca = change);
        let (code, message) = refused(json!({}), None, server).await;
        assert_eq!(code, "tls_unknown_issuer");
        assert!(message.contains(&pin), "{message}");
    }
}

#[tokio::test]
async fn a_pin_narrows_what_the_system_trusts() {
    let authority = Authority::new();
    let (server, pin) = authority.server_with(&["localhost"], |_| {});
    opens(
        "localhost",
        json!({ "pins": [pin] }),
        Some(&authority),
        server,
    )
    .await;
    // The right key with the wrong issuer, and the right issuer with the wrong key.
    let (server, pin) = self_signed(&["localhost"], |_| {});
    let (code, _) = refused(json!({ "pins": [pin] }), None, server).await;
    assert_eq!(code, "tls_unknown_issuer");
    let (server, offered) = authority.server_with(&["localhost"], |_| {});
    let (code, message) = refused(json!({ "pins": [pin] }), Some(&authority), server).await;
    assert_eq!(code, "tls_pin_mismatch");
    assert!(
        message.contains(&offered) && !message.contains(&pin),
        "{message}"
    );
}

#[tokio::test]
async fn pins_alone_can_decide_for_a_self_signed_daemon() {
    for change in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let (server, pin) = self_signed(&["some.name.test"], |params| {
            params.is_ca = change;
            params.not_after = date_time_ymd(2002, 1, 1);
            params.not_before = date_time_ymd(2001, 1, 1);
        });
        opens(
            "localhost",
            json!({ "pins": [pin], "trust": "pins" }),
            None,
            server,
        )
        .await;
    }
    // The pin that a refusal tells is the one that the entry needs.
    let (server, _) = self_signed(&["localhost"], |_| {});
    let other = format!("sha256/{}=", "A".repeat(43));
    let (code, message) = refused(
        json!({ "pins": [other], "trust": "pins" }),
        None,
        server.clone(),
    )
    .await;
    assert_eq!(code, "tls_pin_mismatch");
    let told = message
        .split('"')
        .find(|part| part.starts_with("sha256/"))
        .expect("a pin");
    opens(
        "localhost",
        json!({ "pins": [told], "trust": "pins" }),
        None,
        server,
    )
    .await;
}

/// What a client is told by a peer that is given its first bytes and does this.
async fn told_by_a_peer(answer: &[u8], stays: bool) -> Value {
    let (listener, port) = listener().await;
    let entry = json!({ "scheme": "wss", "host": "127.0.0.1", "port": port, "path": "/ws" });
    let client = start(
        allowed(&entry, &format!("wss://127.0.0.1:{port}/ws")),
        Ways::none(),
        quick(),
        true,
    );
    let mut stream = accept(&listener).await;
    let mut hello = [0; 1];
    stream.read_exact(&mut hello).await.expect("a hello");
    stream.write_all(answer).await.expect("written");
    if stays {
        client.failure().await
    } else {
        stream.shutdown().await.expect("ended");
        client.failure().await
    }
}

#[tokio::test]
async fn what_does_not_speak_tls_says_so_and_silence_has_a_deadline() {
    let plain = told_by_a_peer(
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        true,
    )
    .await;
    assert_eq!(plain["code"], "tls_failed");
    assert!(
        plain["message"]
            .as_str()
            .is_some_and(|message| message.contains("ws://")),
        "{plain}"
    );
    // A fatal alert: handshake_failure (RFC 8446 section 6.2).
    assert_eq!(
        told_by_a_peer(&[21, 3, 3, 0, 2, 2, 40], true).await["code"],
        "tls_failed"
    );
    assert_eq!(told_by_a_peer(b"", true).await["code"], "timed_out");
    assert_eq!(told_by_a_peer(b"", false).await["code"], "connection_reset");
}
