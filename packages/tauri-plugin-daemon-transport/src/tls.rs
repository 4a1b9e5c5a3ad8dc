//! TLS sessions by rustls: the platform's roots decide whom to trust, pinned public keys can narrow that or stand
//! in its place, and a session that could not be made says why.

mod reason;
mod verifier;

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{
    client::{danger::ServerCertVerifier, Resumption},
    crypto::CryptoProvider,
    pki_types::{pem::PemObject, CertificateDer, DnsName, ServerName},
    ClientConfig,
};
use tokio::{net::TcpStream, sync::OnceCell, time::timeout};
use tokio_rustls::{client::TlsStream, TlsConnector};

use crate::{
    blocking::Blocking,
    core::{endpoint::Host, entry::Trust, policy::AgreedEndpoint},
    error::Failure,
};
pub use reason::failure_in;
use verifier::PinnedVerifier;

/// What all sessions of the application share.
pub struct Tls {
    provider: Arc<CryptoProvider>,
    extra_roots: Vec<CertificateDer<'static>>,
    /// The platform's verifier, with its roots as they were at the first session.
    platform: OnceCell<Arc<dyn ServerCertVerifier>>,
}

impl Tls {
    /// Trusts the platform's roots and these. The provider of the algorithms is named here, because an
    /// application can hold other users of rustls, which may choose another for the process.
    pub fn new(extra_roots: Vec<CertificateDer<'static>>) -> Self {
        Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            extra_roots,
            platform: OnceCell::new(),
        }
    }

    /// Makes a session with the endpoint that was agreed to, over a stream to it.
    pub async fn secure(
        &self,
        stream: TcpStream,
        agreed: &AgreedEndpoint,
        blocking: &Blocking,
        time: Duration,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let authority = agreed.endpoint.authority();
        let platform = match agreed.trust {
            Trust::System => Some(self.platform(blocking, time).await?),
            Trust::Pins => None,
        };
        let offered = Arc::new(OnceLock::new());
        let verifier = PinnedVerifier {
            platform,
            pins: agreed.pins.clone(),
            algorithms: self.provider.signature_verification_algorithms,
            offered: Arc::clone(&offered),
        };
        let config = self.config(verifier).map_err(|error| unusable(&error))?;
        let name = server_name(&agreed.endpoint.host).map_err(|error| unusable(&error))?;
        let session = timeout(
            time,
            TlsConnector::from(Arc::new(config)).connect(name, stream),
        );
        session
            .await
            .map_err(|_| {
                Failure::timed_out(format!(
                    "{authority} accepted the connection but did not finish the TLS handshake within {time:?}"
                ))
            })?
            .map_err(|error: io::Error| reason::of_handshake(&error, &authority, offered.get()))
    }

    fn config(&self, verifier: PinnedVerifier) -> Result<ClientConfig, rustls::Error> {
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // WebSocket is an upgrade of HTTP/1.1 (RFC 6455 section 4.1).
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session would not look at the certificate again.
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    async fn platform(
        &self,
        blocking: &Blocking,
        time: Duration,
    ) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
        let load = || async {
            let roots = self.extra_roots.clone();
            let provider = Arc::clone(&self.provider);
            let verifier = blocking
                .run(time, move || {
                    rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider)
                })
                .await
                .map_err(|missed| missed.failure("the system's certificates were not read", time))?
                .map_err(|error| unusable(&error))?;
            Ok(Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
        };
        self.platform.get_or_try_init(load).await.cloned()
    }
}

/// Reads certificates: PEM with one or more, or DER with one.
pub fn read_roots(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = if bytes.windows(11).any(|part| part == b"-----BEGIN ") {
        CertificateDer::pem_slice_iter(bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("the extra roots are damaged PEM: {error}"))?
    } else {
        vec![CertificateDer::from(bytes.to_vec())]
    };
    let mut store = rustls::RootCertStore::empty();
    for certificate in &certificates {
        store
            .add(certificate.clone())
            .map_err(|error| format!("an extra root cannot be used: {error}"))?;
    }
    if store.is_empty() {
        return Err("the extra roots hold no certificate".to_owned());
    }
    Ok(certificates)
}

/// The name that the certificate must hold. Names are sent in the clear (SNI); addresses are not.
fn server_name(host: &Host) -> Result<ServerName<'static>, rustls::Error> {
    let name = match host {
        Host::Address(address) => return Ok(ServerName::IpAddress((*address).into())),
        Host::Localhost => "localhost",
        Host::Name(name) => name,
    };
    DnsName::try_from(name.to_owned())
        .map(ServerName::DnsName)
        .map_err(|error| rustls::Error::General(error.to_string()))
}

fn unusable(error: &rustls::Error) -> Failure {
    Failure::new("tls_failed", format!("TLS cannot be used: {error}"))
}
