#include "hil/protocol/certificate_authority.h"

#include <openssl/x509v3.h>

#include <array>

#include "hil/protocol/internal/openssl_types.h"
#include "hil/protocol/openssl_random.h"
#include "sim/core/check.h"

namespace dustproof {
namespace {

using internal::BioPtr;
using internal::KeyPtr;
using internal::ReadCertificate;
using internal::ReadKey;
using internal::TakeText;
using internal::X509Ptr;

constexpr int64_t kDayS = 86400;
constexpr size_t kCommonNameMax = 64;  // ub-common-name of RFC 5280.

KeyPtr MakeKey() {
  ERR_clear_error();
  KeyPtr key(EVP_EC_gen("P-256"));
  DP_CHECK(key != nullptr);
  return key;
}

std::string ToPem(X509* certificate) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  DP_CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return TakeText(bio.get());
}

std::string ToPem(EVP_PKEY* key) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  DP_CHECK(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return TakeText(bio.get());
}

void SetSerial(X509* certificate, RandomStream& random) {
  // 63 bits and never zero: positive, and short enough for every parser.
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), random.NextBits() >> 1 | 1);
}

void SetValidity(X509* certificate, WallTime now, int64_t days_before, int64_t days_after) {
  // ASN1_TIME_set, since X509_gmtime_adj reads the machine's clock.
  ASN1_TIME_set(X509_getm_notBefore(certificate), now.unix_seconds() - days_before * kDayS);
  ASN1_TIME_set(X509_getm_notAfter(certificate), now.unix_seconds() + days_after * kDayS);
}

void SetCommonName(X509_NAME* name, std::string_view text) {
  text = text.substr(0, kCommonNameMax);
  X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  DP_CHECK(extension != nullptr, nid);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

bool ParseDotted(std::string_view text, std::array<unsigned char, 4>& out) {
  size_t at = 0;
  for (size_t i = 0; i < 4; ++i) {
    int value = 0, digits = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 3) {
      value = value * 10 + (text[at++] - '0');
      ++digits;
    }
    if (digits == 0 || value > 255) return false;
    out[i] = static_cast<unsigned char>(value);
    if (i < 3 && (at >= text.size() || text[at++] != '.')) return false;
  }
  return at == text.size();
}

/// Built by hand rather than from a configuration string: `host` may come off the wire.
GENERAL_NAME* MakeSubjectName(std::string_view host) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  std::array<unsigned char, 4> address;
  if (ParseDotted(host, address)) {
    ASN1_OCTET_STRING* octets = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(octets, address.data(), 4);
    GENERAL_NAME_set0_value(name, GEN_IPADD, octets);
  } else {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, host.data(), static_cast<int>(host.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
  }
  return name;
}

void AddSubjectNames(X509* certificate, std::span<const std::string_view> hosts) {
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  for (const std::string_view host : hosts) sk_GENERAL_NAME_push(names, MakeSubjectName(host));
  X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT);
  GENERAL_NAMES_free(names);
}

}  // namespace

struct CertificateAuthority::Impl {
  Seed seed{0};
  WallTime now;
  X509Ptr certificate;
  KeyPtr key;
  std::string certificate_pem;

  /// A signed leaf; `finish` adds what sets servers and devices apart.
  template <typename Finish>
  TlsIdentity Issue(const std::string& purpose, std::string_view common_name, Finish finish) const {
    RandomStream random = seed.Stream(purpose + "." + std::string(common_name));
    const OpensslRandomScope scope(random);
    const KeyPtr leaf_key = MakeKey();
    const X509Ptr leaf(X509_new());
    X509_set_version(leaf.get(), X509_VERSION_3);
    SetSerial(leaf.get(), random);
    SetValidity(leaf.get(), now, 30, 367);
    SetCommonName(X509_get_subject_name(leaf.get()), common_name);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate.get()));
    X509_set_pubkey(leaf.get(), leaf_key.get());
    AddExtension(leaf.get(), certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    AddExtension(leaf.get(), certificate.get(), NID_key_usage, "critical,digitalSignature");
    finish(leaf.get());
    DP_CHECK(X509_sign(leaf.get(), key.get(), EVP_sha256()) > 0);
    return {ToPem(leaf.get()) + certificate_pem, ToPem(leaf_key.get())};
  }
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

CertificateAuthority CertificateAuthority::Create(Seed seed, WallTime now, std::string_view name) {
  auto impl = std::make_unique<Impl>();
  RandomStream random = seed.Stream("ca");
  const OpensslRandomScope scope(random);
  impl->seed = seed;
  impl->now = now;
  impl->key = MakeKey();
  impl->certificate.reset(X509_new());
  X509* certificate = impl->certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  SetSerial(certificate, random);
  SetValidity(certificate, now, 365, 3650);
  SetCommonName(X509_get_subject_name(certificate), name);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_set_pubkey(certificate, impl->key.get());
  AddExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate, certificate, NID_subject_key_identifier, "hash");
  DP_CHECK(X509_sign(certificate, impl->key.get(), EVP_sha256()) > 0);
  impl->certificate_pem = ToPem(certificate);
  return CertificateAuthority(std::move(impl));
}

Result<CertificateAuthority> CertificateAuthority::FromPem(std::string_view certificate_pem,
                                                           std::string_view key_pem, Seed seed,
                                                           WallTime now) {
  InstallSeededOpenssl();
  auto impl = std::make_unique<Impl>();
  impl->seed = seed;
  impl->now = now;
  impl->certificate = ReadCertificate(certificate_pem);
  impl->key = ReadKey(key_pem);
  if (impl->certificate == nullptr)
    return Error::BadInput("CA certificate: must be a certificate in PEM form");
  if (impl->key == nullptr)
    return Error::BadInput("CA key: must be a private key in PEM form, without a passphrase");
  if (X509_check_private_key(impl->certificate.get(), impl->key.get()) != 1) {
    return Error::BadInput("CA key: must belong to the CA certificate, is another's");
  }
  if (X509_check_ca(impl->certificate.get()) == 0) {
    return Error::BadInput(
        "CA certificate: must be allowed to sign others (basicConstraints CA:TRUE)");
  }
  impl->certificate_pem = ToPem(impl->certificate.get());
  return CertificateAuthority(std::move(impl));
}

const std::string& CertificateAuthority::certificate_pem() const { return impl_->certificate_pem; }

TlsIdentity CertificateAuthority::IssueServer(std::span<const std::string_view> hosts) const {
  return impl_->Issue("server", hosts.front(), [&](X509* leaf) {
    AddExtension(leaf, impl_->certificate.get(), NID_ext_key_usage, "serverAuth");
    AddSubjectNames(leaf, hosts);
  });
}

TlsIdentity CertificateAuthority::IssueDevice(std::string_view common_name) const {
  return impl_->Issue("device", common_name, [&](X509* leaf) {
    AddExtension(leaf, impl_->certificate.get(), NID_ext_key_usage, "clientAuth");
  });
}

Result<void> CheckTlsIdentity(const TlsIdentity& identity) {
  InstallSeededOpenssl();
  const X509Ptr certificate = ReadCertificate(identity.certificate_pem);
  const KeyPtr key = ReadKey(identity.key_pem);
  if (certificate == nullptr) return Error::BadInput("certificate: must be in PEM form");
  if (key == nullptr)
    return Error::BadInput("key: must be a private key in PEM form, without a passphrase");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Error::BadInput("key: must belong to the certificate, is another's");
  }
  return {};
}

}  // namespace dustproof
