// librabbitmq's header, as Debian's librabbitmq-dev installs it.
#include <amqp.h>
#include <amqp_framing.h>
