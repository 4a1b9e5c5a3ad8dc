//! Decides whether a server's certificate is the right one: by the platform, by pinned public keys, or by both.

use std::sync::{Arc, OnceLock};

use rustls::{
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{verify_tls12_signature, verify_tls13_signature, WebPkiSupportedAlgorithms},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
};
use sha2::{Digest, Sha256};

use crate::core::entry::Pin;

/// See the module.
#[derive(Debug)]
pub struct PinnedVerifier {
    /// Must agree, where there is one: chain, name and dates.
    pub platform: Option<Arc<dyn ServerCertVerifier>>,
    /// One of these must be the pin of the server's own certificate, where there are any. Not of another in the
    /// chain that it sends: anybody can send a certificate along that is not theirs.
    pub pins: Vec<Pin>,
    /// What signatures are checked with when there is no platform.
    pub algorithms: WebPkiSupportedAlgorithms,
    /// The pin that was offered, for the message.
    pub offered: Arc<OnceLock<Pin>>,
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let pin = Pin(Sha256::digest(key.as_ref()).into());
        let pinned = self.pins.contains(&pin);
        // Only one certificate is looked at in a session.
        let _ = self.offered.set(pin);
        match &self.platform {
            Some(platform) => {
                let verified = platform.verify_server_cert(
                    end_entity,
                    intermediates,
                    server_name,
                    ocsp_response,
                    now,
                )?;
                if self.pins.is_empty() || pinned {
                    return Ok(verified);
                }
            }
            // The pins alone decide: a self-signed certificate has no issuer, and its dates and names mean nothing.
            None if pinned => return Ok(ServerCertVerified::assertion()),
            None => {}
        }
        Err(Error::InvalidCertificate(
            CertificateError::ApplicationVerificationFailure,
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.platform {
            Some(platform) => platform.verify_tls12_signature(message, certificate, signature),
            None => verify_tls12_signature(message, certificate, signature, &self.algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.platform {
            Some(platform) => platform.verify_tls13_signature(message, certificate, signature),
            None => verify_tls13_signature(message, certificate, signature, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match &self.platform {
            Some(platform) => platform.supported_verify_schemes(),
            None => self.algorithms.supported_schemes(),
        }
    }
}
