// Input that zlib does not write to is const.
#define ZLIB_CONST
#include <zlib.h>
