// System calls that Swift's Glibc leaves out.
#include <sys/epoll.h>

// glibc declares it only with _GNU_SOURCE, which cannot be set for a module that Glibc has read already.
struct sockaddr;
extern int accept4(int descriptor, struct sockaddr *address, unsigned int *length, int flags);
