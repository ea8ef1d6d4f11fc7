/* Digests: two runs or files that give the same digest hold the same bytes. */
#ifndef BL_BASE_DIGEST_H
#define BL_BASE_DIGEST_H

#include <stdint.h>

/* XXH3-64 of n_bytes bytes with a seed. */
uint64_t bl_digest(const void *bytes, int64_t n_bytes, uint64_t seed);

/* The same digest of bytes that come in pieces: begin, add each piece in order, end. create returns NULL when
 * memory is short; destroy accepts NULL. */
struct bl_digester;
struct bl_digester *bl_digester_create(void);
void bl_digester_destroy(struct bl_digester *digester);
void bl_digester_begin(struct bl_digester *digester, uint64_t seed);
void bl_digester_add(struct bl_digester *digester, const void *bytes, int64_t n_bytes);
uint64_t bl_digester_end(const struct bl_digester *digester);

#endif
