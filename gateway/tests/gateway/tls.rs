//! Nodes with TLS: which certificates are taken, and HTTP/2.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::Version;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::{Gateway, KEY, PAGE, VARIABLE, readable, refused, soon};
use crate::node::Node;

/// A node's certificate, and a file with what vouches for it.
struct Certificate {
    der: CertificateDer<'static>,
    key: KeyPair,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Certificate {
    fn new(der: CertificateDer<'static>, key: KeyPair, voucher: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let text = STANDARD.encode(voucher);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        std::fs::write(&file, pem).unwrap();
        Self { der, key, file, _folder: folder }
    }

    /// One that vouches for itself; `authority`: as `openssl req -x509` makes it.
    fn own(name: &str, authority: bool) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        if authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let own = params.self_signed(&key).unwrap();
        Self::new(own.der().clone(), key, own.der())
    }

    /// One that another vouches for.
    fn signed(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let own = params.signed_by(&key, &issuer).unwrap();
        Self::new(own.der().clone(), key, authority.der())
    }

    fn acceptor(&self, protocols: &[&str]) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    fn ca(&self) -> String {
        format!("--ca={}", self.file.display())
    }
}

#[tokio::test]
async fn a_certificate_is_taken_when_it_is_named() {
    for certificate in [
        Certificate::own("127.0.0.1", false),
        Certificate::own("127.0.0.1", true),
        Certificate::signed("127.0.0.1"),
    ] {
        let node = Node::with(Some(certificate.acceptor(&[]))).await;
        let gateway = Gateway::start(&[&node.url], &[&certificate.ca(), "--key-env", VARIABLE]);
        let answer = gateway.get("/a").await;
        readable(&answer, "TLS");
        assert_eq!(answer.text().await.unwrap(), "GET /a\n");
        assert_eq!(node.only().headers["authorization"], format!("Bearer {KEY}"));
        assert!(!gateway.stop().contains("WARNING"));
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_named_is_refused_with_a_reason() {
    let own = Certificate::own("127.0.0.1", false);
    let authority = Certificate::own("127.0.0.1", true);
    let other = Certificate::own("another", true);
    let name = Certificate::own("other.example", true);
    let leaf = Certificate::signed("other.example");
    for (certificate, flag, wanted) in [
        (&own, None, "UnknownIssuer"),
        (&own, Some(other.ca()), "UnknownIssuer"),
        (&authority, Some(other.ca()), "CaUsedAsEndEntity"),
        (&name, Some(name.ca()), "not valid for name"),
        (&leaf, Some(leaf.ca()), "not valid for name"),
    ] {
        let node = Node::with(Some(certificate.acceptor(&[]))).await;
        let flags: Vec<&str> = flag.iter().map(String::as_str).collect();
        let gateway = Gateway::start(&[&node.url], &flags);
        let answer = gateway.get("/a").await;
        assert_eq!(answer.status(), 502, "{wanted}");
        readable(&answer, wanted);
        let text = answer.text().await.unwrap();
        assert!(text.contains(wanted), "{wanted}: {text}");
        assert_eq!(text.contains("--ca FILE"), !wanted.contains("name"), "{text}");
        assert!(node.seen().is_empty());
    }
}

#[tokio::test]
async fn any_certificate_is_taken_when_told_so_and_it_is_said() {
    let certificate = Certificate::own("other.example", true);
    let node = Node::with(Some(certificate.acceptor(&["h2"]))).await;
    let gateway = Gateway::start(&[&node.url], &["--insecure"]);
    assert_eq!(gateway.get("/a").await.status(), 200);
    assert!(gateway.stop().contains("WARNING: --insecure: no certificate is checked"));
}

#[tokio::test]
async fn http_2_is_spoken_where_the_node_offers_it() {
    let certificate = Certificate::own("127.0.0.1", false);
    let node = Node::with(Some(certificate.acceptor(&["h2", "http/1.1"]))).await;
    let gateway = Gateway::start(&[&node.url], &[&certificate.ca(), "--key-env", VARIABLE]);
    assert_eq!(gateway.get("/a").await.status(), 200);
    let many = (0..50).map(|i| gateway.request("POST", "/back").body(format!("{i}")).send());
    for (i, answer) in join_all(many).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap().text().await.unwrap(), i.to_string());
    }
    let seen = node.seen();
    assert!(seen.len() == 51 && seen.iter().all(|seen| seen.version == Version::HTTP_2));
    assert!(seen.iter().all(|seen| !seen.headers.contains_key("host")));
    assert_eq!(node.connections.load(Ordering::Relaxed), 1);
    let moved = gateway.request("POST", "/redirect/307").header("to", "/x").send().await.unwrap();
    assert_eq!(moved.headers()["fwit-leader"], gateway.node(0));

    let url = gateway.node(0).replace("http://", "ws://") + "/socket";
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("origin", PAGE.parse().unwrap());
    let (mut socket, _) = soon(tokio_tungstenite::connect_async(request)).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::text("hello"));
    let seen = node.seen().pop().unwrap();
    assert_eq!(seen.version, Version::HTTP_11, "HTTP/2 has no upgrade");
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
}

#[test]
fn a_file_without_a_certificate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "nothing").unwrap();
    for (path, wanted) in
        [(file, "holds no certificate"), (folder.path().join("x"), "can't be read")]
    {
        let ca = format!("--ca={}", path.display());
        let text = refused(&["--node=a=https://127.0.0.1:1", "--token", "--port=0", &ca]);
        assert!(text.contains(wanted), "{text}");
    }
}
