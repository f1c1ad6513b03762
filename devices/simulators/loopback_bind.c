/* Preloaded into the bench's pcscd: what would listen on every address listens on the machine's own only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

typedef int (*bind_call)(int, const struct sockaddr *, socklen_t);

int bind(int descriptor, const struct sockaddr *address, socklen_t size)
{
    bind_call usual = (bind_call)dlsym(RTLD_NEXT, "bind");
    struct sockaddr_in own;

    if (address != NULL && size >= sizeof own && address->sa_family == AF_INET) {
        own = *(const struct sockaddr_in *)address;
        own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return usual(descriptor, (const struct sockaddr *)&own, sizeof own);
    }
    return usual(descriptor, address, size);
}
