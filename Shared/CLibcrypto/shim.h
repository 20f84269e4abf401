// OpenSSL's headers for HMAC, as Debian's libssl-dev installs them.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
