/*
 * layout - where a static buffer lies. A page that is touched costs a page fault, which is dearer
 * than ten system calls. So what is large, and used in part or seldom, goes behind all else: the
 * small variables then share few pages. Secrets lie together, for secret_lock. The linker sorts by
 * name; see the Makefile. layout.ld does the rest, and the same for code.
 */
#ifndef COMMON_LAYOUT_H
#define COMMON_LAYOUT_H

#ifdef __SANITIZE_ADDRESS__ /* watches no variable whose section is named */
#define LAYOUT_LARGE
#define LAYOUT_SECRET
#define LAYOUT_BEFORE_SECRETS
#define LAYOUT_AFTER_SECRETS
#else
#define LAYOUT_LARGE __attribute__((section(".bss.zz_large")))
#define LAYOUT_SECRET __attribute__((section(".bss.zz_secret.1"))) /* a registered buffer */
#define LAYOUT_BEFORE_SECRETS __attribute__((section(".bss.zz_secret.0")))
#define LAYOUT_AFTER_SECRETS __attribute__((section(".bss.zz_secret.2")))
#endif

#endif
