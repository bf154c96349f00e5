/* What secure.c is asked for. */
#ifndef MICA_TEST_SECURE_H
#define MICA_TEST_SECURE_H

/* Input: the text of a security descriptor, WCHARs. A device is made with it, in the place of the
   one that was made before... */
#define IOCTL_SECURE_MAKE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x820, METHOD_BUFFERED, FILE_WRITE_ACCESS)
/* ...of the driver's class... */
#define IOCTL_SECURE_MAKE_OF_CLASS \
  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x821, METHOD_BUFFERED, FILE_WRITE_ACCESS)
/* ...or with no name, and without asking for one. */
#define IOCTL_SECURE_MAKE_NAMELESS \
  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x822, METHOD_BUFFERED, FILE_WRITE_ACCESS)
/* Input: a number, at the caller's address; output: the library's text of that number. */
#define IOCTL_SECURE_TEXT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x823, METHOD_NEITHER, FILE_READ_ACCESS)

#define SECURE_TEXTS 9

#endif
