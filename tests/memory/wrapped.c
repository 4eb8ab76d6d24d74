/*
 * What libraries that are not instrumented write, said to clang's memory sanitizer, which would
 * take it for memory that was never written. Linked into the replays of tests/fuzz with SAN=memory,
 * with -Wl,--wrap for each function here.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <argon2.h>
#include <cdb.h>
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md4.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <sanitizer/msan_interface.h>
#include <shadow.h>
#include <string.h>

#define WRITTEN(object) __msan_unpoison(&(object), sizeof(object))

#define WRAP_DIGEST(NAME, CONTEXT, BYTES)                                                          \
	int __real_##NAME##_Init(CONTEXT *context);                                                \
	int __wrap_##NAME##_Init(CONTEXT *context);                                                \
	int __wrap_##NAME##_Init(CONTEXT *context)                                                 \
	{                                                                                          \
		int result = __real_##NAME##_Init(context);                                        \
                                                                                                   \
		WRITTEN(*context);                                                                 \
		WRITTEN(result);                                                                   \
		return result;                                                                     \
	}                                                                                          \
                                                                                                   \
	int __real_##NAME##_Update(CONTEXT *context, const void *bytes, size_t size);              \
	int __wrap_##NAME##_Update(CONTEXT *context, const void *bytes, size_t size);              \
	int __wrap_##NAME##_Update(CONTEXT *context, const void *bytes, size_t size)               \
	{                                                                                          \
		int result;                                                                        \
                                                                                                   \
		/* What is taken in has to be written. */                                          \
		__msan_check_mem_is_initialized(bytes, size);                                      \
		result = __real_##NAME##_Update(context, bytes, size);                             \
		WRITTEN(result);                                                                   \
		return result;                                                                     \
	}                                                                                          \
                                                                                                   \
	int __real_##NAME##_Final(unsigned char *out, CONTEXT *context);                           \
	int __wrap_##NAME##_Final(unsigned char *out, CONTEXT *context);                           \
	int __wrap_##NAME##_Final(unsigned char *out, CONTEXT *context)                            \
	{                                                                                          \
		int result = __real_##NAME##_Final(out, context);                                  \
                                                                                                   \
		__msan_unpoison(out, BYTES);                                                       \
		WRITTEN(result);                                                                   \
		return result;                                                                     \
	}

WRAP_DIGEST(MD4, MD4_CTX, MD4_DIGEST_LENGTH)
WRAP_DIGEST(MD5, MD5_CTX, MD5_DIGEST_LENGTH)
WRAP_DIGEST(SHA1, SHA_CTX, SHA_DIGEST_LENGTH)
WRAP_DIGEST(SHA256, SHA256_CTX, SHA256_DIGEST_LENGTH)
WRAP_DIGEST(SHA512, SHA512_CTX, SHA512_DIGEST_LENGTH)

unsigned __real_cdb_hash(const void *bytes, unsigned length);
unsigned __wrap_cdb_hash(const void *bytes, unsigned length);
unsigned __wrap_cdb_hash(const void *bytes, unsigned length)
{
	unsigned hash;

	__msan_check_mem_is_initialized(bytes, length);
	hash = __real_cdb_hash(bytes, length);
	WRITTEN(hash);
	return hash;
}

unsigned __real_cdb_unpack(const unsigned char *bytes);
unsigned __wrap_cdb_unpack(const unsigned char *bytes);
unsigned __wrap_cdb_unpack(const unsigned char *bytes)
{
	unsigned number;

	__msan_check_mem_is_initialized(bytes, 4);
	number = __real_cdb_unpack(bytes);
	WRITTEN(number);
	return number;
}

int __real_cdb_seek(int descriptor, const void *key, unsigned length, unsigned *found);
int __wrap_cdb_seek(int descriptor, const void *key, unsigned length, unsigned *found);
int __wrap_cdb_seek(int descriptor, const void *key, unsigned length, unsigned *found)
{
	int result = __real_cdb_seek(descriptor, key, length, found);

	WRITTEN(result);
	if (result > 0)
		WRITTEN(*found);
	return result;
}

int __real_cdb_bread(int descriptor, void *bytes, int size);
int __wrap_cdb_bread(int descriptor, void *bytes, int size);
int __wrap_cdb_bread(int descriptor, void *bytes, int size)
{
	int result = __real_cdb_bread(descriptor, bytes, size);

	WRITTEN(result);
	if (result == 0)
		__msan_unpoison(bytes, (size_t)size);
	return result;
}

int __real_fgetspent_r(FILE *file, struct spwd *entry, char *buffer, size_t size,
		       struct spwd **answer);
int __wrap_fgetspent_r(FILE *file, struct spwd *entry, char *buffer, size_t size,
		       struct spwd **answer);
int __wrap_fgetspent_r(FILE *file, struct spwd *entry, char *buffer, size_t size,
		       struct spwd **answer)
{
	int result = __real_fgetspent_r(file, entry, buffer, size, answer);

	WRITTEN(result);
	WRITTEN(*answer);
	WRITTEN(*entry);
	__msan_unpoison(buffer, size);
	return result;
}

/* Within these the sanitizer's own memcmp and memcpy would look at what it does not know. */
char *__real_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	char *result;

	__msan_check_mem_is_initialized(phrase, strlen(phrase));
	__msan_check_mem_is_initialized(setting, strlen(setting));
	__msan_scoped_disable_interceptor_checks();
	result = __real_crypt_rn(phrase, setting, data, size);
	__msan_scoped_enable_interceptor_checks();
	WRITTEN(result);
	__msan_unpoison(data, (size_t)size);
	return result;
}

int __real_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type)
{
	int result;

	__msan_check_mem_is_initialized(context->pwd, context->pwdlen);
	__msan_check_mem_is_initialized(context->salt, context->saltlen);
	__msan_scoped_disable_interceptor_checks();
	result = __real_argon2_ctx(context, type);
	__msan_scoped_enable_interceptor_checks();
	WRITTEN(result);
	__msan_unpoison(context->out, context->outlen);
	return result;
}

int __real_EVP_Digest(const void *bytes, size_t size, unsigned char *out, unsigned *length,
		      const EVP_MD *method, ENGINE *engine);
int __wrap_EVP_Digest(const void *bytes, size_t size, unsigned char *out, unsigned *length,
		      const EVP_MD *method, ENGINE *engine);
int __wrap_EVP_Digest(const void *bytes, size_t size, unsigned char *out, unsigned *length,
		      const EVP_MD *method, ENGINE *engine)
{
	int result;

	__msan_check_mem_is_initialized(bytes, size);
	__msan_scoped_disable_interceptor_checks();
	result = __real_EVP_Digest(bytes, size, out, length, method, engine);
	__msan_scoped_enable_interceptor_checks();
	WRITTEN(result);
	__msan_unpoison(out, (size_t)EVP_MD_size(method));
	return result;
}

unsigned char *__real_HMAC(const EVP_MD *method, const void *key, int key_size,
			   const unsigned char *bytes, size_t size, unsigned char *out,
			   unsigned *length);
unsigned char *__wrap_HMAC(const EVP_MD *method, const void *key, int key_size,
			   const unsigned char *bytes, size_t size, unsigned char *out,
			   unsigned *length);
unsigned char *__wrap_HMAC(const EVP_MD *method, const void *key, int key_size,
			   const unsigned char *bytes, size_t size, unsigned char *out,
			   unsigned *length)
{
	unsigned char *result;

	__msan_check_mem_is_initialized(key, (size_t)key_size);
	__msan_check_mem_is_initialized(bytes, size);
	__msan_scoped_disable_interceptor_checks();
	result = __real_HMAC(method, key, key_size, bytes, size, out, length);
	__msan_scoped_enable_interceptor_checks();
	WRITTEN(result);
	__msan_unpoison(out, (size_t)EVP_MD_size(method));
	return result;
}
