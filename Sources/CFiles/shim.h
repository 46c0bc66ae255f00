// glibc declares it only with _GNU_SOURCE, which cannot be set for a module that Glibc has read already.
extern int renameat2(int oldDirectory, const char *oldPath, int newDirectory, const char *newPath, unsigned int flags);

// Linux: the two paths change places in one step.
static const unsigned int grace_rename_exchange = 1 << 1;
