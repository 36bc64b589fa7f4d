/** Every bound of the protocol core, with its reason. */

/** Heights in flight above the newest certificate. With 64 validators a VIEW-CHANGE carries this many prepared
 *  certificates of 4 KiB; a genesis may choose a smaller window. */
export const WINDOW_MAX = 32;
