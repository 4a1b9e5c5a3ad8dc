//! A certificate authority of the test's own, and servers with its certificates, good and bad.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
    ServerConfig,
};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

/// An authority.
pub struct Authority {
    root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let root = params.self_signed(&key).expect("signed").der().clone();
        Self {
            root,
            issuer: Issuer::new(params, key),
        }
    }

    pub fn root(&self) -> CertificateDer<'static> {
        self.root.clone()
    }

    /// A server with a good certificate for these names.
    pub fn server(&self, names: &[&str]) -> TlsAcceptor {
        self.server_with(names, |_| {}).0
    }

    /// A server with a certificate that is changed before it is signed, and its pin.
    pub fn server_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> (TlsAcceptor, String) {
        let (params, key) = certificate(names, change);
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        (acceptor(certificate.der().clone(), &key), pin(&key))
    }
}

/// A server that vouches for itself, and its pin.
pub fn self_signed(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> (TlsAcceptor, String) {
    let (params, key) = certificate(names, change);
    let certificate = params.self_signed(&key).expect("signed");
    (acceptor(certificate.der().clone(), &key), pin(&key))
}

fn certificate(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    change(&mut params);
    (params, KeyPair::generate().expect("a key"))
}

/// As `openssl x509 -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64` has it.
fn pin(key: &KeyPair) -> String {
    use base64::{engine::general_purpose::STANDARD, Engine as _};
    format!(
        "sha256/{}",
        STANDARD.encode(Sha256::digest(key.subject_public_key_info()))
    )
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a usable certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}
