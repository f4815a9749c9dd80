/** An expired token is kept for a week: whoever shows it is told that it has expired. */
export const keepExpiredTokensMs = 7 * 86_400_000;
